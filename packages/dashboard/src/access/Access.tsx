import { AuditLog } from './AuditLog.js'
import { Tokens } from './Tokens.js'

/** The tokens, and below them the audit log. */
export function Access() {
  return (
    <>
      <section aria-label="Tokens">
        <h2>Tokens</h2>
        <Tokens />
      </section>
      <section aria-label="Audit log">
        <h2>Audit log</h2>
        <AuditLog />
      </section>
    </>
  )
}
