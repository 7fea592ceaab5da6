"""The admin site: base classes of its pages, masking of personal data, and the audit log.

Pages derive from `base_admin` or `masked_admin`; `extensions.extend` adds to another app's page;
`audit_log.record` logs an action; `confirm_with_reason` asks for its reason first.
"""
