"""Who may see and do what: roles and rights, accounts, login, OpenID Connect, the audit log."""
