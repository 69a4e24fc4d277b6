"""Pure kernels: arrays in, arrays out. No table, no file, no facility, no rule."""
