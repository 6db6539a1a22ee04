import { plain } from './launch-scenarios.js'
import type { Scenario } from './skypilot-double.js'

/** The optimizer's table, as SkyPilot prints it. */
export function table(price: string): string {
  const rule = '-'.repeat(98)
  return `Considered resources (1 node):
${rule}\r
 INFRA                 INSTANCE         vCPUs   Mem(GB)   GPUS     COST ($)   CHOSEN   \r
${rule}\r
 AWS (us-east-1)       p5.4xlarge       16      256       H100:1   ${price.padEnd(8)}   \x1b[32m   ✔\x1b[0m     \r
${rule}
`
}

/** A launch that prints its place's price. */
export function priced(price: string, scenario: Scenario = plain()): Scenario {
  return { ...scenario, request: [{ text: table(price) }, ...scenario.request] }
}
