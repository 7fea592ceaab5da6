"""Formats of dates and times in pt-BR: short, without seconds."""

DATE_FORMAT = "d/m/Y"
SHORT_DATE_FORMAT = DATE_FORMAT
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "d/m/Y H:i"
