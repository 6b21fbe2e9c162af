"""What does each cause contribute to the difference between two implementations?"""
