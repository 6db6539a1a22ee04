import { type Kysely, type Migration, sql } from 'kysely'
import { isPostgres } from './dialect.js'

/** All migrations, which run in the order of their names. One that has shipped is never changed. */
export const migrations: Record<string, Migration> = {
  '001-records': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('nodes')
        .addColumn('node_id', 'text', (column) => column.primaryKey())
        .addColumn('cluster_name', 'text')
        .addColumn('about', 'text', (column) => column.notNull())
        .addColumn('provider', 'text')
        .addColumn('words', 'text', (column) => column.notNull())
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('phase', 'text', (column) => column.notNull())
        .addColumn('progress', 'real', (column) => column.notNull())
        .addColumn('message', 'text', (column) => column.notNull())
        .addColumn('endpoint', 'text')
        .addColumn('failure', 'text')
        .addColumn('created_at', 'text', (column) => column.notNull())
        .addColumn('updated_at', 'text', (column) => column.notNull())
        .addColumn('ended_at', 'text')
        .addColumn('folded', 'integer', (column) => column.notNull())
        .execute()
      await db.schema
        .createIndex('nodes_newest')
        .on('nodes')
        .columns(['created_at', 'node_id'])
        .execute()
      await db.schema.createIndex('nodes_cluster').on('nodes').column('cluster_name').execute()
      await db.schema
        .createTable('phases')
        .addColumn('node_id', 'text', (column) => column.notNull())
        .addColumn('position', 'integer', (column) => column.notNull())
        .addColumn('phase', 'text', (column) => column.notNull())
        .addColumn('started_at', 'text', (column) => column.notNull())
        .addColumn('ended_at', 'text')
        .addPrimaryKeyConstraint('phases_key', ['node_id', 'position'])
        .execute()
      await db.schema
        .createTable('launches')
        .addColumn('launch_id', 'text', (column) => column.primaryKey())
        .addColumn('node_id', 'text', (column) => column.notNull())
        .addColumn('launcher', 'text', (column) => column.notNull())
        .addColumn('request', 'text', (column) => column.notNull())
        .addColumn('secrets', 'text')
        .addColumn('handle', 'text')
        .addColumn('source', 'text', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('created_at', 'text', (column) => column.notNull())
        .addColumn('ended_at', 'text')
        .execute()
      await db.schema.createIndex('launches_node').on('launches').column('node_id').execute()
      await db.schema
        .createTable('replies')
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('digest', 'text', (column) => column.notNull())
        .addColumn('answer', 'text')
        .addColumn('expires_at', 'text', (column) => column.notNull())
        .execute()
    },
  },
  '002-causes-and-history': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('nodes').addColumn('clues', 'text').execute()
      await db.schema
        .alterTable('nodes')
        .addColumn('stalled', 'integer', (column) => column.notNull().defaultTo(0))
        .execute()
      await db.schema
        .createTable('phase_history')
        .addColumn('node_id', 'text', (column) => column.notNull())
        .addColumn('phase', 'text', (column) => column.notNull())
        .addColumn('ended_at', 'text', (column) => column.notNull())
        .addColumn('duration_ms', 'integer', (column) => column.notNull())
        .addColumn('provider', 'text', (column) => column.notNull())
        .addColumn('gpu', 'text')
        .addColumn('model', 'text')
        .addPrimaryKeyConstraint('phase_history_key', ['node_id', 'phase', 'ended_at'])
        .execute()
      await db.schema
        .createIndex('phase_history_like')
        .on('phase_history')
        .columns(['provider', 'gpu', 'model', 'ended_at'])
        .execute()
      await db.schema
        .createIndex('phase_history_newest')
        .on('phase_history')
        .column('ended_at')
        .execute()
    },
  },
  '003-leases': {
    async up(db: Kysely<unknown>) {
      const launches = db.schema.alterTable('launches')
      await launches.addColumn('owner', 'text').execute()
      // Launches that are running have no lease yet, so any process may take them up.
      for (const name of ['owner_number', 'leased_until']) {
        await launches
          .addColumn(name, 'bigint', (column) => column.notNull().defaultTo(0))
          .execute()
      }
      await db.schema
        .createIndex('launches_not_over')
        .unique()
        .on('launches')
        .column('node_id')
        .where(sql.ref('state'), '!=', sql.lit('ended'))
        .execute()
    },
  },
  '004-launch-history': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('launch_history')
        .addColumn('node_id', 'text', (column) => column.notNull())
        .addColumn('started_at', 'text', (column) => column.notNull())
        .addColumn('ended_at', 'text', (column) => column.notNull())
        .addColumn('outcome', 'text', (column) => column.notNull())
        .addColumn('code', 'text')
        .addColumn('name', 'text')
        .addColumn('provider', 'text')
        .addColumn('region', 'text')
        .addColumn('gpu', 'text')
        .addColumn('model', 'text')
        .addColumn('phases', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('launch_history_key', ['node_id', 'started_at'])
        .execute()
      await db.schema
        .createIndex('launch_history_newest')
        .on('launch_history')
        .column('ended_at')
        .execute()
    },
  },
  '005-corrections': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('nodes').addColumn('correction', 'text').execute()
    },
  },
  '006-sent-in': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('sent_in')
        .addColumn('node_id', 'text', (column) => column.primaryKey())
        .addColumn('lost_after', 'bigint')
        .addColumn('beat_lost_after', 'bigint')
        .addColumn('silence', 'bigint', (column) => column.notNull().defaultTo(0))
        .addColumn('ready_url', 'text')
        .execute()
    },
  },
  '007-reachable': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('nodes').addColumn('reachable', 'integer').execute()
    },
  },
  '008-left-clusters': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('left_clusters')
        .addColumn('launch_id', 'text', (column) => column.primaryKey())
        .addColumn('node_id', 'text', (column) => column.notNull())
        .addColumn('launcher', 'text', (column) => column.notNull())
        .addColumn('cluster_name', 'text', (column) => column.notNull())
        .addColumn('since', 'bigint', (column) => column.notNull())
        .addColumn('attempts', 'integer', (column) => column.notNull())
        .addColumn('next_at', 'bigint', (column) => column.notNull())
        .addColumn('owner', 'text')
        .execute()
    },
  },
  '009-attempts': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('nodes').addColumn('attempts', 'text').execute()
    },
  },
  // A page of nodes that few match would read all of them: 28 ms of 100,000.
  '010-nodes-by-filter': {
    async up(db: Kysely<unknown>) {
      for (const column of ['phase', 'provider']) {
        await db.schema
          .createIndex(`nodes_by_${column}`)
          .on('nodes')
          .columns([column, 'created_at', 'node_id'])
          .execute()
      }
    },
  },
  // The nodes that are there count as one launch each, in the order in which they were created.
  '011-launch-numbers': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('launch_numbers')
        .addColumn('number', 'integer', (column) => column.primaryKey().autoIncrement())
        .addColumn('node_id', 'text', (column) => column.notNull())
        .addColumn('deleted', 'integer', (column) => column.notNull())
        .execute()
      await sql`insert into launch_numbers (node_id, deleted)
        select node_id, 0 from nodes order by created_at, node_id`.execute(db)
      await db.schema
        .createIndex('launch_numbers_node')
        .on('launch_numbers')
        .columns(['node_id', 'number'])
        .execute()
      await db.schema
        .createIndex('launch_numbers_deleted')
        .on('launch_numbers')
        .columns(['deleted', 'number'])
        .execute()
      await db.schema.createIndex('nodes_by_status').on('nodes').column('status').execute()
    },
  },
  // Whoever keeps the launches in memory reads what has changed since the last change it knows.
  '012-launch-changes': {
    async up(db: Kysely<unknown>) {
      const history = () => db.schema.alterTable('launch_history')
      await history().addColumn('cluster_name', 'text').execute()
      await history().addColumn('spot', 'integer').execute()
      await history().addColumn('lost_at', 'text').execute()
      await history()
        .addColumn('change', 'integer', (column) => column.notNull().defaultTo(0))
        .execute()
      await sql`update launch_history set change = numbered.n from (
        select node_id, started_at, row_number() over (order by ended_at, node_id) as n
        from launch_history
      ) as numbered where numbered.node_id = launch_history.node_id
        and numbered.started_at = launch_history.started_at`.execute(db)
      await db.schema
        .createIndex('launch_history_changes')
        .on('launch_history')
        .column('change')
        .execute()
    },
  },
  // The launches that are there have no index: where a node has one, its entries are the whole list.
  '013-launch-indexes': {
    async up(db: Kysely<unknown>) {
      const numbers = () => db.schema.alterTable('launch_numbers')
      await numbers().addColumn('first_index', 'integer').execute()
      await numbers().addColumn('started_at', 'text').execute()
    },
  },
  '014-stalled-at': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('nodes').addColumn('stalled_at', 'text').execute()
    },
  },
  '015-webhooks': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .alterTable('nodes')
        .addColumn('told', 'integer', (column) => column.notNull().defaultTo(0))
        .execute()
      await db.schema
        .createTable('webhooks')
        .addColumn('webhook_id', 'text', (column) => column.primaryKey())
        .addColumn('sealed', 'text', (column) => column.notNull())
        .addColumn('url', 'text', (column) => column.notNull())
        .addColumn('events', 'text', (column) => column.notNull())
        .addColumn('q', 'text')
        .addColumn('format', 'text', (column) => column.notNull())
        .addColumn('cooldown', 'bigint', (column) => column.notNull())
        .addColumn('enabled', 'integer', (column) => column.notNull())
        .addColumn('disabled_reason', 'text')
        .addColumn('failing_since', 'bigint')
        .addColumn('created_at', 'text', (column) => column.notNull())
        .execute()
      await db.schema
        .createTable('deliveries')
        .addColumn('delivery_id', 'text', (column) => column.primaryKey())
        .addColumn('webhook_id', 'text', (column) => column.notNull())
        .addColumn('type', 'text', (column) => column.notNull())
        .addColumn('node_id', 'text')
        .addColumn('started_at', 'text')
        .addColumn('seq', 'integer')
        .addColumn('message', 'text', (column) => column.notNull())
        .addColumn('prepared', 'integer', (column) => column.notNull())
        .addColumn('gathers', 'text')
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('attempts', 'integer', (column) => column.notNull())
        .addColumn('next_at', 'bigint', (column) => column.notNull())
        .addColumn('leased_until', 'bigint', (column) => column.notNull())
        .addColumn('owner', 'text')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('ended_at', 'bigint')
        .addColumn('log', 'text', (column) => column.notNull())
        .addColumn('answer', 'text')
        .execute()
      const indexes = {
        deliveries_due: ['state', 'next_at', 'webhook_id'],
        deliveries_launch: ['webhook_id', 'node_id', 'state'],
        deliveries_newest: ['webhook_id', 'created_at', 'delivery_id'],
        deliveries_ended: ['ended_at'],
      }
      for (const [name, columns] of Object.entries(indexes)) {
        await db.schema.createIndex(name).on('deliveries').columns(columns).execute()
      }
      await db.schema
        .createTable('webhook_windows')
        .addColumn('webhook_id', 'text', (column) => column.notNull())
        .addColumn('key', 'text', (column) => column.notNull())
        .addColumn('until', 'bigint', (column) => column.notNull())
        .addColumn('length', 'bigint', (column) => column.notNull())
        .addColumn('suppressed', 'integer', (column) => column.notNull())
        .addColumn('first_at', 'text')
        .addColumn('last_at', 'text')
        .addColumn('message', 'text')
        .addPrimaryKeyConstraint('webhook_windows_key', ['webhook_id', 'key'])
        .execute()
      await db.schema
        .createIndex('webhook_windows_until')
        .on('webhook_windows')
        .column('until')
        .execute()
      await db.schema
        .createTable('told_events')
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('told_at', 'bigint', (column) => column.notNull())
        .execute()
      await db.schema.createIndex('told_events_at').on('told_events').column('told_at').execute()
    },
  },
  '016-stream-tickets': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('stream_tickets')
        .addColumn('digest', 'text', (column) => column.primaryKey())
        .addColumn('node_id', 'text', (column) => column.notNull())
        .addColumn('origin', 'text', (column) => column.notNull())
        .addColumn('caller', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('redeemed_at', 'bigint')
        .addColumn('embedded', 'integer', (column) => column.notNull())
        .addColumn('over', 'integer', (column) => column.notNull())
        .execute()
    },
  },
  '017-positions': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('positions')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('position', 'text', (column) => column.notNull())
        .execute()
    },
  },
  '018-limits': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('launches').addColumn('limits', 'text').execute()
      await db.schema.alterTable('nodes').addColumn('kept_launch', 'text').execute()
      await db.schema.alterTable('nodes').addColumn('kept_until', 'text').execute()
      await db.schema
        .alterTable('left_clusters')
        .addColumn('kept', 'integer', (column) => column.notNull().defaultTo(0))
        .execute()
    },
  },
  // Senders of OTLP name nodes by their names: a scan of 100,000 nodes would hold up each of them.
  '019-nodes-by-name': {
    async up(db: Kysely<unknown>) {
      if (isPostgres(db)) return
      await db.schema
        .createIndex('nodes_by_name')
        .on('nodes')
        .expression(sql`json_extract(about, '$.name')`)
        .execute()
    },
  },
  '020-webhook-groups': {
    async up(db: Kysely<unknown>) {
      for (const [name, usual] of [
        ['group_wait', 10_000],
        ['group_interval', 60_000],
      ] as const) {
        await db.schema
          .alterTable('webhooks')
          .addColumn(name, 'bigint', (column) => column.notNull().defaultTo(usual))
          .execute()
      }
    },
  },
  '021-attempts-of-launches': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('launches').addColumn('attempt', 'text').execute()
    },
  },
  '022-idle': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('launches').addColumn('idle', 'text').execute()
    },
  },
  '023-smoke': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('nodes').addColumn('smoke', 'text').execute()
    },
  },
  '024-health': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('nodes').addColumn('health', 'text').execute()
    },
  },
  '025-owners': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('launch_history').addColumn('owner', 'text').execute()
    },
  },
  // Of launches that are there, what they cost is not known before they are read anew.
  '026-instances': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('instances')
        .addColumn('launch_id', 'text', (column) => column.notNull())
        .addColumn('number', 'integer', (column) => column.notNull())
        .addColumn('node_id', 'text', (column) => column.notNull())
        .addColumn('launcher', 'text', (column) => column.notNull())
        .addColumn('cluster_name', 'text', (column) => column.notNull())
        .addColumn('created_at', 'text', (column) => column.notNull())
        .addColumn('price', 'double precision')
        .addColumn('up_at', 'text')
        .addColumn('down_at', 'text')
        .addColumn('reported', 'double precision')
        .addColumn('reported_at', 'text')
        .addColumn('change', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('instances_key', ['launch_id', 'number'])
        .execute()
      for (const column of ['change', 'down_at']) {
        await db.schema.createIndex(`instances_${column}`).on('instances').column(column).execute()
      }
      await db.schema.alterTable('nodes').addColumn('own_launch', 'text').execute()
      await db.schema.alterTable('launch_history').addColumn('launch_id', 'text').execute()
      await db.schema
        .createIndex('launch_history_launch')
        .on('launch_history')
        .column('launch_id')
        .execute()
      await sql`update nodes set own_launch = (
        select launch_id from launches where launches.node_id = nodes.node_id
        order by launches.created_at desc limit 1
      )`.execute(db)
      await sql`update launch_history set launch_id = (
        select launch_id from launches where launches.node_id = launch_history.node_id
          and launches.created_at <= launch_history.ended_at
          and (launches.ended_at is null or launches.ended_at >= launch_history.started_at)
        order by launches.created_at desc limit 1
      )`.execute(db)
    },
  },
  // A column, because SQLite and PostgreSQL read JSON differently.
  '027-node-names': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('nodes').addColumn('name', 'text').execute()
      if (!isPostgres(db)) {
        await db.schema.dropIndex('nodes_by_name').execute()
        await sql`update nodes set name = json_extract(about, '$.name')`.execute(db)
      }
      await db.schema.createIndex('nodes_by_name').on('nodes').column('name').execute()
    },
  },
  '028-agreed': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('agreed')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('value', 'text', (column) => column.notNull())
        .execute()
    },
  },
  // Whoever changes a row, however: servers that listen are told with its commit. See `changes.ts`.
  '029-told-changes': {
    async up(db: Kysely<unknown>) {
      if (!isPostgres(db)) return
      const told = {
        nodes: { key: 'node_id', on: 'insert or update or delete' },
        launches: { key: 'launch_id', on: 'insert or update of state or delete' },
        webhooks: { key: 'webhook_id', on: 'insert or update or delete' },
        stream_tickets: { key: 'digest', on: 'insert or update or delete' },
      }
      for (const [table, how] of Object.entries(told)) await tellChanges(db, { table, ...how })
    },
  },
  '030-duties': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('duties')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('owner', 'text', (column) => column.notNull())
        .addColumn('leased_until', 'bigint', (column) => column.notNull())
        .execute()
      await db.schema
        .alterTable('sent_in')
        .addColumn('signs', 'bigint', (column) => column.notNull().defaultTo(0))
        .execute()
    },
  },
  '031-groups': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('groups')
        .addColumn('group_id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('replicas', 'integer', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('busy', 'integer', (column) => column.notNull())
        .addColumn('generation', 'integer', (column) => column.notNull())
        .addColumn('next_number', 'integer', (column) => column.notNull())
        .addColumn('rollout', 'text')
        .addColumn('rollout_request', 'text')
        .addColumn('version', 'integer', (column) => column.notNull())
        .addColumn('created_at', 'text', (column) => column.notNull())
        .addColumn('ended_at', 'text')
        .execute()
      await db.schema
        .createTable('group_members')
        .addColumn('group_id', 'text', (column) => column.notNull())
        .addColumn('node_id', 'text', (column) => column.notNull())
        .addColumn('number', 'integer', (column) => column.notNull())
        .addColumn('generation', 'integer', (column) => column.notNull())
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('replaces', 'text')
        .addPrimaryKeyConstraint('group_members_key', ['group_id', 'node_id'])
        .execute()
      await db.schema
        .createIndex('groups_by_time')
        .on('groups')
        .columns(['created_at', 'group_id'])
        .execute()
    },
  },
  '032-budgets': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('nodes').addColumn('over_budget', 'text').execute()
    },
  },
  '033-looks': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('nodes').addColumn('looked_at', 'text').execute()
    },
  },
  '034-tokens': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('tokens')
        .addColumn('token_id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('digest', 'text', (column) => column.notNull().unique())
        .addColumn('hint', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('scopes', 'text', (column) => column.notNull())
        .addColumn('nodes', 'text')
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('created_by', 'text', (column) => column.notNull())
        .addColumn('expires_at', 'bigint')
        .execute()
      if (!isPostgres(db)) return
      await tellChanges(db, { table: 'tokens', key: 'token_id', on: 'insert or delete' })
    },
  },
  '035-audit': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('audit')
        .addColumn('audit_id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('last_at', 'bigint', (column) => column.notNull())
        .addColumn('count', 'integer', (column) => column.notNull())
        .addColumn('token_id', 'text')
        .addColumn('token', 'text')
        .addColumn('address', 'text', (column) => column.notNull())
        .addColumn('operation', 'text', (column) => column.notNull())
        .addColumn('node_id', 'text')
        .addColumn('subject', 'text')
        .addColumn('status', 'integer', (column) => column.notNull())
        .addColumn('message', 'text')
        .execute()
      await db.schema.createIndex('audit_by_time').on('audit').columns(['at', 'audit_id']).execute()
    },
  },
  '036-launch-tokens': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('tokens').addColumn('launch_id', 'text').execute()
    },
  },
  '037-token-launches': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('tokens').addColumn('owner', 'text').execute()
      await db.schema.alterTable('tokens').addColumn('labels', 'text').execute()
    },
  },
  '038-services': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('groups').addColumn('service', 'text').execute()
    },
  },
  '039-archive': {
    async up(db: Kysely<unknown>) {
      // One server alone has it in a file of its own: see `find/archive/sqlite/tables.ts`, which says what is what.
      if (!isPostgres(db)) return
      for (const statement of ARCHIVE) await sql.raw(statement).execute(db)
    },
  },
}

/** `archive_words` has the words of the entries up to the one named by the fact `indexed`, in any order. */
const ARCHIVE = [
  `create table archive_facts (name text collate "C" primary key, value text not null)`,
  `create table archive_lists (
    id bigserial primary key,
    node text collate "C" not null,
    length bigint not null,
    last_check text not null,
    failed smallint not null,
    written_at bigint not null,
    size bigint not null default 0,
    kept_from bigint not null default 0,
    removed smallint not null default 0
  )`,
  `create index archive_lists_of_node on archive_lists (node, id)`,
  `create table archive_entries (
    id bigint primary key,
    list bigint not null,
    idx bigint not null,
    ts bigint not null,
    level smallint not null,
    checked text,
    body text not null
  )`,
  `create unique index archive_entries_of_list on archive_entries (list, idx)`,
  `create table archive_blocks (
    block bigint primary key,
    first_ts bigint not null,
    last_ts bigint not null
  )`,
  `create table archive_holes (
    list bigint primary key,
    "from" bigint not null,
    "to" bigint not null,
    "check" text not null
  )`,
  `create table archive_words (id bigint primary key, words tsvector not null)`,
  // What is not in order yet is looked through by each search, and put in order by one who writes.
  `create index archive_words_index on archive_words using gin (words)
    with (gin_pending_list_limit = 1024)`,
]

/** Has PostgreSQL tell all servers of changes in a table, with the commit. */
async function tellChanges(
  db: Kysely<unknown>,
  { table, key, on }: { table: string; key: string; on: string },
): Promise<void> {
  const name = sql.ref(`tell_${table}`)
  await sql`create function ${name}() returns trigger language plpgsql as ${sql.lit(`begin
    if tg_op = 'DELETE' then
      perform pg_notify('launchtail', '-${table} ' || old.${key});
    else
      perform pg_notify('launchtail', '+${table} ' || new.${key});
    end if;
    return null;
  end`)}`.execute(db)
  await sql`create trigger ${name} after ${sql.raw(on)} on ${sql.table(table)}
    for each row execute function ${name}()`.execute(db)
}
