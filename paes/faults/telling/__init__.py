"""Who is told of malfunctions, how and when: sentences, letters, mail, webhook, the nightly run."""
