import { plain } from '@launchtail/client/protocol'

/**
 * Reads out of a launch's output where its server can be reached. It is called with whole lines. Some
 * tools write the address below the line that announces it.
 */
export function createAddressReader(): (text: string) => string[] {
  let isAnnounced = false
  return (text) => {
    const found = text.split(/\r\n|[\r\n]/).flatMap((line) => {
      const words = plain(line).slice(0, LONGEST)
      const address = isAnnounced || SAYS.test(words) ? addressIn(words) : undefined
      if (words.trim() !== '') isAnnounced = SAYS.test(words) && ANNOUNCES.test(words)
      return address ?? []
    })
    return [...new Set(found)]
  }
}

/** The words by which tools tell where a server is. Other addresses are those of logs and manuals. */
const SAYS =
  /(?:\bendpoint|\bservice|\bserv(?:es|ed|ing|er)|\bpublished|\bforwarding|\blisten(?:s|ing)|\brunning|\breachable|\bready|\bweb (?:function|server)|\bproxy)\b/i
const URL_FORM = /\bhttps?:\/\/[^\s"'`<>\\|]{1,512}/
const HOST_FORM = /(?:^|[\s"'=])((?:\d{1,3}\.){3}\d{1,3}:\d{2,5})\b/
const ANNOUNCES = /(?::|=>)\s*$/
/** What a machine elsewhere says of itself, passed on by whoever launched it. */
const PASSED_ON = /^\s*[([]/
const LONGEST = 2000

function addressIn(words: string): string | undefined {
  const host = HOST_FORM.exec(words)?.[1]
  const url = URL_FORM.exec(words)?.[0].replace(/[.,;:!?*)\]}…]+$/, '')
  const address = url ?? (host && `http://${host}`)
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
