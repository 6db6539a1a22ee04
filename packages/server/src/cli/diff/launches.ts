import type { Client, LaunchSummary } from '@launchtail/client'
import { choosePair, parseSide, type Side } from '@launchtail/client/compare'
import { CliError, EXIT } from '../exit.js'
import { resolveNode } from '../node-names.js'

/** A launch that is compared, and what it is called. */
export interface Compared {
  readonly name: string
  readonly node: string
  readonly launch: LaunchSummary
}

/** The launches that a user names. */
export async function comparedLaunches(
  client: Client,
  a: string,
  b: string | undefined,
): Promise<readonly [left: Compared, right: Compared]> {
  const left = await sideOf(client, a)
  if (b !== undefined)
    return [await launchOf(client, left), await launchOf(client, await sideOf(client, b))]
  const { relaunch_of: before, relaunched_as: after } = await client.getNode(left.node)
  if (before !== undefined && left.number === undefined) {
    return [await launchOf(client, { node: before }), await launchOf(client, left)]
  }
  const { launches } = await client.listNodeLaunches(left.node)
  const pair = choosePair(launches, { right: left.number })
  if (!pair && after !== undefined) {
    return [await launchOf(client, left), await launchOf(client, { node: after })]
  }
  if (!pair) {
    throw new CliError(`${left.node} was launched once; name another launch to compare it with`)
  }
  return [compared(left.node, pair[0]), compared(left.node, pair[1])]
}

async function sideOf(client: Client, text: string): Promise<Side> {
  const side = parseSide(text)
  if (!side) throw new CliError(`"${text}" is not a node, nor a launch such as my-node@2`)
  return { ...side, node: await resolveNode(client, side.node) }
}

/** The launch with that number, else the newest. */
async function launchOf(client: Client, { node, number }: Side): Promise<Compared> {
  const { launches } = await client.listNodeLaunches(node)
  const found =
    number === undefined ? launches[0] : launches.find((launch) => launch.number === number)
  if (found) return compared(node, found)
  const which = number === undefined ? 'not been launched' : `no launch ${number}`
  throw new CliError(`${node} has ${which}`, EXIT.notFound)
}

function compared(node: string, launch: LaunchSummary): Compared {
  return { name: `${node}@${launch.number}`, node, launch }
}
