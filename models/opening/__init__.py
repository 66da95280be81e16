"""Files to methods: one file per method, named by the entry points; what they share is in `loading`."""
