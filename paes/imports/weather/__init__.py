"""Outdoor temperature and irradiance."""
