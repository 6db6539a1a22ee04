import { plain } from '@launchtail/client/protocol'

/** The addresses in a piece of output at which a launch says that its server can be reached. */
export function addressesIn(text: string): string[] {
  const found = text.split(/[\r\n]+/).flatMap((line) => addressIn(line) ?? [])
  return [...new Set(found)]
}

/** The words by which tools tell where a server is. Other addresses are those of logs and manuals. */
const SAYS =
  /(?:\bendpoint|\bservice|\bserv(?:es|ed|ing|er)|\bpublished|\bforwarding|\blisten(?:s|ing)|\brunning|\breachable|\bready|\bweb (?:function|server)|\bproxy)\b/i
const URL_FORM = /\bhttps?:\/\/[^\s"'`<>\\|]{1,512}/
const HOST_FORM = /(?:^|[\s"'=])((?:\d{1,3}\.){3}\d{1,3}:\d{2,5})\b/
/** What a machine elsewhere says of itself, passed on by whoever launched it. */
const PASSED_ON = /^\s*[([]/
const LONGEST = 2000

function addressIn(line: string): string | undefined {
  if (line.length > LONGEST) return undefined
  const words = plain(line)
  if (!SAYS.test(words)) return undefined
  const host = HOST_FORM.exec(words)?.[1]
  const address =
    URL_FORM.exec(words)?.[0].replace(/[.,;:!?*)\]}…]+$/, '') ?? (host && `http://${host}`)
  if (!address || !URL.canParse(address)) return undefined
  return reachable(new URL(address), PASSED_ON.test(words))
}

/** The address as this machine reaches it; undefined for one of another machine alone. */
function reachable(url: URL, isPassedOn: boolean): string | undefined {
  const isAny = url.hostname === '0.0.0.0' || url.hostname === '[::]'
  const isHere = isAny || /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)
  if (isHere && isPassedOn) return undefined
  if (isAny) url.hostname = '127.0.0.1'
  return url.href.replace(/\/+$/, '')
}
