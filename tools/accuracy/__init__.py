"""What `ohmsum accuracy` is made of: texts of its options, the rows of a study, tables and JSON."""
