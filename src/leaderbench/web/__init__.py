"""How do people reach it in a browser: the site and its REST API."""
