"""Templates in Jinja2, cut down to a language in which nothing can grow, escape or run for long.

What is allowed is listed (`grammar`), not what is forbidden: printing, if, for over lists, a few filters. There is no
arithmetic, call, assignment, macro, import or Python attribute, so a value is never larger than what went in, and the
cost of a render is known when the template is saved (`checking`).
"""
