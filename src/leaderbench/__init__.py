"""leaderbench: ask any open language model any benchmark, keep every answer, rank with the uncertainty shown."""
