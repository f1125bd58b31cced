"""The catalogue's pages: their doors (views.py), and what each page says, as data that its template shows."""
