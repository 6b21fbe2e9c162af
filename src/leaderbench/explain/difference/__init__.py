"""Why do two runs differ, question by question?"""
