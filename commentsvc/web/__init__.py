"""What did HTTP ask, what does HTTP get?"""
