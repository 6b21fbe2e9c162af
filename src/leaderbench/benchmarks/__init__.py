"""What is asked: one short readable Python file a benchmark."""
