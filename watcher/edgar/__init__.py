"""EDGAR as it is: its client, its lists, its calendar, its submission format. The only way to sec.gov."""
