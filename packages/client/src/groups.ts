import { type Answer, call, jsonOf, open, type QueryOf } from './call.js'
import type { LogsEvent } from './logs.js'
import type { CallOptions, SendOptions } from './options.js'
import type { GroupUpdate, NewGroup, WholeGroup } from './protocol/group.js'
import type { Connection } from './request.js'
import { eventsOf, type Waiting } from './stream.js'

export interface GroupsOptions extends QueryOf<'listGroups'>, CallOptions {}

export interface GroupStreamOptions
  extends Omit<QueryOf<'streamGroup'>, 'last_event_id' | 'lastEventId'>,
    Waiting {
  /** Resume after the event with this id. */
  lastEventId?: string | undefined
}

/** Groups: several nodes of the same that are launched, replaced and ended together. */
export interface GroupCalls {
  launchGroup(group: NewGroup, options?: SendOptions): Promise<Answer<'launchGroup'>>
  listGroups(options?: GroupsOptions): Promise<Answer<'listGroups'>>
  getGroup(groupId: string, options?: CallOptions): Promise<WholeGroup>
  /** The logs of its nodes, live. It ends when all of them have, and no update is under way. */
  streamGroup(
    groupId: string,
    options?: GroupStreamOptions,
  ): AsyncGenerator<LogsEvent, void, undefined>
  /** Replaces its nodes, one after the other; `null` takes a field out. */
  updateGroup(groupId: string, update?: GroupUpdate, options?: SendOptions): Promise<WholeGroup>
  terminateGroup(groupId: string, options?: CallOptions): Promise<WholeGroup>
  /** Deletes it with its nodes and their logs. */
  deleteGroup(groupId: string, options?: CallOptions): Promise<void>
}

export function groupCalls(connection: Connection): GroupCalls {
  const json = jsonOf(connection)
  return {
    launchGroup: (body, { idempotencyKey, signal } = {}) =>
      json('launchGroup', { body, headers: { 'Idempotency-Key': idempotencyKey }, signal }),

    listGroups: ({ signal, ...query } = {}) => json('listGroups', { query, signal }),
    getGroup: (id, { signal } = {}) => json('getGroup', { id, signal }),

    streamGroup: (
      id,
      {
        lastEventId,
        signal,
        onState,
        timeout = Number.POSITIVE_INFINITY,
        random,
        ...query
      }: GroupStreamOptions = {},
    ) =>
      eventsOf((how) => open(connection, 'streamGroup', { id, query, ...how }), {
        ...{ lastEventId, signal, onState, timeout, random },
        last: 'end',
      }),

    updateGroup: (id, body = {}, { idempotencyKey, signal } = {}) =>
      json('updateGroup', { id, body, headers: { 'Idempotency-Key': idempotencyKey }, signal }),

    terminateGroup: (id, { signal } = {}) => json('terminateGroup', { id, signal }),

    async deleteGroup(id, { signal } = {}) {
      await call(connection, 'deleteGroup', { id, signal })
    },
  }
}
