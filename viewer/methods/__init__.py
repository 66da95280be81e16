"""Which methods there are, which one answers, and several beside each other."""
