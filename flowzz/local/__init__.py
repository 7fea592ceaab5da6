"""`manage.py up`: all parts of Flowzz on one machine, started, watched and stopped together."""
