"""Migration operations that are safe to run again after a kill at any point."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

_IS_VALID = """
    SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relname = %s AND pg_table_is_visible(indexrelid)
"""


class AddIndexSafely(AddIndexConcurrently):
    """Build an index beside running queries; one a migration, with `atomic = False`.

    An index that is there is not built again. A killed build leaves an invalid index, which costs
    writes and serves no query: it is dropped first.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(_IS_VALID, [self.index.name])
            row = cursor.fetchone()
        if row and row[0]:
            return
        if row:
            name = schema_editor.quote_name(self.index.name)
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)
