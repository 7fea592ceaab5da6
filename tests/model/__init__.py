"""The product beside a model of its rules: both take the same random steps and must agree."""
