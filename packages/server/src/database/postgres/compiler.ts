import { type ColumnDefinitionNode, DataTypeNode, PostgresQueryCompiler, sql } from 'kysely'

/**
 * Compiles the tables that SQLite has too. Texts compare by their bytes, as they do there, whatever
 * the database's locale is: pages of rows count on it.
 */
export class RecordsCompiler extends PostgresQueryCompiler {
  protected override visitColumnDefinition(node: ColumnDefinitionNode): void {
    super.visitColumnDefinition({ ...node, dataType: typeOf(node), autoIncrement: false })
  }
}

function typeOf({ dataType, autoIncrement }: ColumnDefinitionNode) {
  if (!DataTypeNode.is(dataType)) return dataType
  if (autoIncrement) return DataTypeNode.create('bigserial')
  // SQLite's integers and reals have eight bytes.
  if (dataType.dataType === 'integer') return DataTypeNode.create('bigint')
  if (dataType.dataType === 'real') return DataTypeNode.create('double precision')
  if (dataType.dataType === 'text') return sql`text collate "C"`.toOperationNode()
  return dataType
}
