import type { LaunchFacts } from '@launchtail/client/query'
import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { createControls } from './controls.js'
import { Foot } from './Foot.js'
import { KeysHelp } from './KeysHelp.js'
import { onKey } from './keys.js'
import { Lanes } from './Lanes.js'
import { Lines } from './Lines.js'
import type { Naming } from './naming.js'
import type { Log } from './state.js'
import { Tools } from './Tools.js'
import { createView } from './view.js'

export interface LogViewProps {
  log: Log
  nodeId: string
  /** The node's record, for searches that ask for it. */
  launch: LaunchFacts | undefined
  /** When the launch began, in ms since 1970; 0 where that is not known yet. */
  start: number
  /** Undefined for a launch that has not failed. */
  naming: Naming | undefined
  onReconnect: () => void
}

/** The log of a node: all of its lines, live. */
export function LogView(props: LogViewProps) {
  const { log, nodeId, start, naming: given, onReconnect } = props
  const naming = useSignal(given)
  naming.value = given
  const launch = useSignal(props.launch)
  launch.value = props.launch
  const { view, controls } = useMemo(() => {
    const view = createView(log, () => launch.peek())
    return { view, controls: createControls({ log, view, nodeId, naming }) }
  }, [log, nodeId, naming, launch])
  const frame = useRef<HTMLElement>(null)
  const searchField = useRef<HTMLInputElement>(null)
  const help = useSignal(false)
  const toHelp = () => {
    help.value = true
  }

  useEffect(() => {
    const toSearch = () => searchField.current?.select()
    const onKeyDown = (event: KeyboardEvent) => onKey(event, { controls, toSearch, toHelp })
    // A selection must not move away under the reader.
    const onSelection = () => {
      const selection = document.getSelection()
      if (!selection || selection.isCollapsed) return
      const lines = frame.current?.querySelector('.lines')
      if (lines?.contains(selection.anchorNode)) controls.position.following.value = false
    }
    document.addEventListener('keydown', onKeyDown)
    document.addEventListener('selectionchange', onSelection)
    return () => {
      document.removeEventListener('keydown', onKeyDown)
      document.removeEventListener('selectionchange', onSelection)
      controls.position.stop()
      view.stop()
    }
  }, [controls, view, help])

  return (
    <section class="log" aria-label="Log" ref={frame}>
      <Tools
        view={view}
        controls={controls}
        nodeId={nodeId}
        searchField={searchField}
        onHelp={toHelp}
      />
      <Lanes log={log} view={view} />
      <Lines log={log} view={view} controls={controls} start={start} naming={given} />
      <Foot log={log} view={view} controls={controls} onReconnect={onReconnect} />
      <KeysHelp open={help} />
    </section>
  )
}
