"""What goes wrong on the way to the pipeline: one `Kind` a defect, planted with its outcome and its reason."""
