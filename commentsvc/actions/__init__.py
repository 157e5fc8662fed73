"""What changes?"""
