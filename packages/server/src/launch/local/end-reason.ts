import { constants } from 'node:os'
import type { End } from '../supervised/files.js'

/** Why a local launch is over, as its supervisor wrote it down. */
export function endReason({ step, code, signal, fault }: End, active: boolean): string {
  if (fault !== undefined) return `${step} could not be started: ${fault}`
  const how = signal === null ? `exit code ${code}${shellSignal(code)}` : undefined
  if (step === 'setup') return how ? `setup failed with ${how}` : `setup was ended by ${signal}`
  const when = active ? '' : ' before it was ready'
  return how ? `the server left with ${how}${when}` : `the server was ended by ${signal}${when}`
}

/** A shell reports a program that was ended by a signal as 128 and the signal's number. */
function shellSignal(code: number | null): string {
  const number = (code ?? 0) - 128
  const names = Object.entries(constants.signals)
  const name = names.find(([, value]) => value === number)?.[0]
  return name ? ` (${name})` : ''
}
