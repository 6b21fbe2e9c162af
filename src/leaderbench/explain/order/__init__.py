"""How much of an order of models survives the implementation?"""
