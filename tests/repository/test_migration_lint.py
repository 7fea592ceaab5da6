import re

from tests.repository.migration_lint import lint

ADD_REQUIRED_COLUMN = 'ALTER TABLE "sales_sale" ADD COLUMN "note" text NOT NULL;'
BUILD_INDEX = 'CREATE INDEX "sale_note" ON "sales_sale" ("note");'
CREATE_TABLE = 'CREATE TABLE "sales_note" ("id" uuid NOT NULL PRIMARY KEY, "text" varchar(9));'


def test_statement_that_locks_a_large_table_is_reported_with_its_migration() -> None:
    result = lint({"sales.0003_note": f"{ADD_REQUIRED_COLUMN}\n{BUILD_INDEX}"})

    assert result.returncode == 1
    assert re.findall(r"sales\.0003_note\.sql:\d+:\d+: warning: (\S+)", result.stdout) == [
        "adding-required-field",
        "require-concurrent-index-creation",
    ]


def test_new_table_is_not_reported() -> None:
    assert lint({"sales.0003_note": CREATE_TABLE}).returncode == 0
