import type { NodeRecord } from '@launchtail/client'
import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { Link } from '../hub/link.js'
import type { FleetNode } from '../hub/messages.js'
import { LogView } from '../log/LogView.js'
import { namingOf } from '../log/naming.js'
import { createLog } from '../log/state.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { nameOf } from '../parts/node-facts.js'
import { conditionOf, startOf } from '../parts/phases.js'
import { client } from '../session.js'
import { Attempts } from './Attempts.js'
import { Cost } from './Cost.js'
import { Endpoint } from './Endpoint.js'
import { Facts } from './Facts.js'
import { FailureBox } from './FailureBox.js'
import { Kept } from './Kept.js'
import { LaunchCount } from './LaunchCount.js'
import { Lifetime } from './Lifetime.js'
import { PhaseTimes } from './PhaseTimes.js'
import { RelaunchLinks } from './RelaunchLinks.js'
import { useReopenedLog } from './reopened-log.js'

export interface NodePageProps {
  nodeId: string
  link: Link
  fleet: {
    nodes: ReadonlySignal<ReadonlyMap<string, FleetNode>>
    total: ReadonlySignal<number | undefined>
  }
}

/** One node: how far its launch is, what became of it, and its log. */
export function NodePage({ nodeId, link, fleet }: NodePageProps) {
  const log = useMemo(() => createLog({ nodeId, link }), [nodeId, link])
  useEffect(() => {
    log.start()
    return log.stop
  }, [log])
  const node = useNode(nodeId, fleet)
  useReopenedLog(log, node)

  const record = node.value
  const name = record ? nameOf(record) : nodeId
  useEffect(() => {
    const condition = record ? ` ${conditionOf(record)}` : ''
    document.title = `${name}${condition} – Launchtail`
  })

  if (log.refusal.value === 'node not found') return <Missing nodeId={nodeId} />
  return (
    <article class="node-page">
      <div class="about-node">
        <a class="back" href="#/" aria-label="All nodes">
          ←
        </a>
        <h1>{inert(name)}</h1>
        {record && <Facts node={record} />}
        {record && <RelaunchLinks node={record} />}
        {record && <LaunchCount nodeId={nodeId} begun={record.phases[0]?.started_at} />}
      </div>
      {record && (
        <>
          <FailureBox node={record} />
          <Attempts node={record} />
          <Kept node={record} />
          <Endpoint node={record} />
          <Lifetime node={record} />
          <Cost node={record} />
          <PhaseTimes node={record} />
        </>
      )}
      <Fault text={log.refusal.value} />
      <LogView
        log={log}
        nodeId={nodeId}
        launch={record}
        start={record ? startOf(record) : 0}
        naming={namingOf(record?.status === 'failed' ? record.failure : undefined, (index) =>
          nameCause(nodeId, index),
        )}
        onReconnect={link.focus}
      />
    </article>
  )
}

/** The record follows by the fleet's stream. */
async function nameCause(nodeId: string, index: number): Promise<void> {
  await client.peek().nameCause(nodeId, { index })
}

/** The node's record: from the fleet, or asked for where it is older than those the fleet has. */
function useNode(nodeId: string, { nodes, total }: NodePageProps['fleet']) {
  const fetched = useSignal<NodeRecord | undefined>(undefined)
  const isMissing = total.value !== undefined && !nodes.value.has(nodeId)
  useEffect(() => {
    if (!isMissing) return
    client
      .peek()
      .getNode(nodeId)
      .then(
        (record) => {
          fetched.value = record
        },
        // The log's stream says what is wrong.
        () => {},
      )
  }, [isMissing, nodeId, fetched])
  return useComputed<NodeRecord | undefined>(() => nodes.value.get(nodeId) ?? fetched.value)
}

function Missing({ nodeId }: { nodeId: string }) {
  return (
    <div class="empty">
      <p>There is no node {inert(nodeId)}.</p>
      <p>
        <a href="#/">See all nodes</a>
      </p>
    </div>
  )
}
