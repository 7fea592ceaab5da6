"""Monitoring of integrations: health, alerts, diagnosis, hourly statistics and metrics.

Entry points: `health.assess_integration`, `alert_rules.evaluate_alert_rules`,
`alert_mails.send_pending`, `alert_recipients`, `hourly_stats`, `baseline.update_baselines`,
`refusals`, `metrics`, `diagnosis`.
"""
