"""Networks: tensors in, NamedTuples of tensors out; they know no files, crops or frames."""
