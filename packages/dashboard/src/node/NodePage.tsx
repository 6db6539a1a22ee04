import type { NodeRecord } from '@launchtail/client'
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { hardwareOf, placeOf } from '../fleet/NodeRow.js'
import { nameOf, nodes, total } from '../fleet/state.js'
import { LogView } from '../log/LogView.js'
import { createLog } from '../log/state.js'
import { inert } from '../log/text.js'
import { conditionOf, isEnded, startOf } from '../parts/phases.js'
import { client } from '../session.js'
import { Actions } from './Actions.js'
import { Endpoint } from './Endpoint.js'
import { FailureBox } from './FailureBox.js'
import { PhaseTimes } from './PhaseTimes.js'

/** One node: where its launch is, what became of it, and its log. */
export function NodePage({ nodeId }: { nodeId: string }) {
  const log = useMemo(() => createLog(nodeId), [nodeId])
  const asked = useSignal<NodeRecord | undefined>(undefined)
  const node = useComputed(() => nodes.value.get(nodeId) ?? asked.value)

  useEffect(() => {
    log.start()
    return log.stop
  }, [log])

  // One that is older than those the fleet begins with.
  const isMissing = total.value !== undefined && !nodes.value.has(nodeId)
  useEffect(() => {
    if (!isMissing) return
    client
      .peek()
      .getNode(nodeId)
      .then(
        (record) => {
          asked.value = record
        },
        // The log's stream says what is wrong.
        () => {},
      )
  }, [isMissing, nodeId, asked])

  // The log of a launch that is over goes on where the node is launched again, or what became active
  // is taken down. The record of a launch that is over may come a moment after the end of its log, and
  // one from before its end too, so what it says is looked into once.
  const { status, updated_at: updated } = node.value ?? {}
  const isOver = log.link.value.state === 'over'
  const atEnd = useRef<string | undefined>(undefined)
  const lookedInto = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (isOver) atEnd.current = node.peek()?.updated_at
  }, [isOver, node])
  useEffect(() => {
    const isAnew = status === 'launching' && updated !== atEnd.current
    const isGone = log.done.peek()?.status === 'active' && isEnded(status)
    if (!isOver || !(isAnew || isGone) || updated === lookedInto.current) return
    lookedInto.current = updated
    log.start()
  }, [isOver, status, updated, log])

  const name = node.value ? nameOf(node.value) : nodeId
  useEffect(() => {
    const condition = node.value ? ` ${conditionOf(node.value)}` : ''
    document.title = `${name}${condition} – Launchtail`
  })

  if (log.refusal.value === 'node not found') {
    return (
      <div class="empty">
        <p>There is no node {inert(nodeId)}.</p>
        <p>
          <a href="#/">See all nodes</a>
        </p>
      </div>
    )
  }
  return (
    <article class="node-page">
      <div class="about-node">
        <a class="back" href="#/" aria-label="All nodes">
          ←
        </a>
        <h1>{inert(name)}</h1>
        {node.value && <About node={node.value} />}
      </div>
      {node.value && (
        <>
          <FailureBox node={node.value} />
          <Endpoint node={node.value} />
          <PhaseTimes node={node.value} />
        </>
      )}
      {log.refusal.value && (
        <p class="fault" role="alert">
          {log.refusal.value}
        </p>
      )}
      <LogView log={log} nodeId={nodeId} start={node.value ? startOf(node.value) : 0} />
    </article>
  )
}

function About({ node }: { node: NodeRecord }) {
  const { node_id, model, labels, status, stalled } = node
  const facts = [inert(model ?? ''), hardwareOf(node), placeOf(node, ' ')]
  return (
    <>
      <b class="condition" data-phase={node.phase} data-status={status} data-stalled={stalled}>
        {conditionOf(node)}
      </b>
      {labels?.demo && (
        <b class="mark" title={labels.demo}>
          demo
        </b>
      )}
      <span class="facts">{facts.filter(Boolean).join(' · ')}</span>
      <span class="id" title="The node’s id">
        {node_id}
      </span>
      <span class="space" />
      <Actions node={node} />
    </>
  )
}
