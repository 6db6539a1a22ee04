/** A server's launches in a process of their own, which says when the log has come so far. */
import { startLaunching } from './launching.js'

const [folder, request, message] = process.argv.slice(2) as [string, string, string]
const server = await startLaunching({ folder })
const { node_id } = await server.orchestrator.launch(JSON.parse(request))
await server.until(node_id, (entry) => entry.message === message)
console.log('so far')
