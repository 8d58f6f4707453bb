"""What energy costs and when: time bands, tariffs with validity, contracts.

Money is reckoned in ``paes.costs``.
"""
