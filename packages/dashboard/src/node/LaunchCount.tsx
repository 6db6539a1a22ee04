import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { hrefOf } from '../address.js'
import { client } from '../session.js'

/** The log, which the reader came for, is asked for first. In ms. */
const DELAY = 700

/** A link to the launches of a node that has been launched more than once. */
export function LaunchCount({ nodeId, begun }: { nodeId: string; begun: string | undefined }) {
  const count = useSignal(0)
  // Another beginning is another launch.
  useEffect(() => {
    const ask = () =>
      client
        .peek()
        .listNodeLaunches(nodeId)
        .then(
          ({ launches: [newest] }) => {
            count.value = newest?.number ?? 0
          },
          // The page does without it; whatever is wrong shows elsewhere.
          () => {},
        )
    const timer = setTimeout(ask, DELAY)
    return () => clearTimeout(timer)
  }, [nodeId, begun, count])
  if (count.value < 2) return null
  return <a href={hrefOf(['nodes', nodeId, 'launches'])}>compare its {count.value} launches</a>
}
