import type { Level } from '@launchtail/client/protocol'
import { levelOf } from './formats/format.js'

/** The level of a line that names none, by its grammar: a word in a sentence makes nothing an error. */
export function levelByGrammar(message: string): Level {
  if (!SUSPECT.test(message)) return 'info'
  const named = NAMED.exec(message)
  if (named) return levelOf(named[1]) ?? 'info'
  if (ERROR.test(message)) return HEDGED.test(message) ? 'warn' : 'error'
  return WARNING.test(message) ? 'warn' : 'info'
}

/** One of these words is in every line that the rest could make more than information. */
const SUSPECT =
  /error|exception|warn|fail|fatal|panic|killed|abort|fault|dumped|cannot|can't|unable|not found|no such|denied|refused|deprecat|critical|notice|debug|terminate|unbound|interrupt|exit|invalid|unhandled|uncaught|Caused|⨯|↺|×|^\s{0,12}(?:\[?INFO|[EW]: )|SIG[A-Z]/i

/** A level before a colon, a bar or in brackets, at the beginning. */
const NAMED =
  /^ {0,12}(?:\[?(DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)(?:\]|: {1,8}|:$| {1,8}\|))/

const WARNING =
  /^(?:↺|\s{0,8}(?:warning|WARN|DEPRECATION|npm warn)\b|W: |(?:\S{1,300}:\d{1,7}: )?\w{0,40}Warning: )/i

/** What a clause may begin with: the name of a program, a file with its line. */
const SUBJECT = '^\\s{0,40}(?:[\\w./\\[\\]@+()-]{1,120}(?: [\\w./-]{1,40}){0,2}: ){0,3}'

const ERROR = new RegExp(
  [
    '^\\s{0,8}[⨯×] ',
    `${SUBJECT}(?:fatal |internal compiler |Fatal Python )?(?:[Ee]rror|ERROR|[Ff]atal|FATAL|panic)(?:\\[\\w{1,20}\\])?: `,
    `${SUBJECT}[Ee]rror (?:in|while|when|during|creating|loading|opening|reading|writing|executing|response from|code|occurred|processing|starting|initializing|connecting|parsing)\\b`,
    `^\\s{0,40}(?:\\S{1,200}: ){1,4}(?:command not found|not found|[Nn]o such file or directory|[Pp]ermission denied|[Nn]o space left on device|[Ii]s a directory|[Nn]ot a directory|[Oo]peration not permitted|unbound variable|syntax error|cannot execute|Connection (?:refused|timed out))\\b`,
    `${SUBJECT}(?:line \\d{1,6}: {1,4}\\d{1,10} )?(?:Killed|Segmentation fault|Aborted|Bus error|Illegal instruction|Floating point exception)(?:$| {2,}\\S| \\(|\\()`,
    '\\(core dumped\\)',
    "^\\s{0,40}(?:[\\w./-]{1,100}: ){1,3}(?:cannot|can't|could not|unable to|failed to|error )",
    "^(?:[Ff]ailed to|[Cc]annot|[Cc]ould not|[Uu]nable to|[Cc]an't) \\w",
    'Traceback \\(most recent call last\\):$',
    '^\\s{0,12}(?:[A-Za-z_]\\w{0,63}\\.){0,12}[A-Z]\\w{0,63}(?:Error|Exception|Interrupt|Failure|Failed|Fault)(?:\\([\\w.]{1,80}\\))?(?:: |:?$)',
    "^(?:[Uu]ncaught|[Uu]nhandled|terminate called after|Exception in thread|Exception: |thread '.{1,100}' panicked at|goroutine \\d{1,8} \\[)",
    '^\\s{0,8}Caused by:',
    '^npm (?:ERR!|error)\\b',
    '^(?:Assertion|assertion) .{0,300}failed',
    '^SIG(?:SEGV|ABRT|BUS|ILL|KILL)\\b',
  ].join('|'),
)

/** It says itself that it goes on. */
const HEDGED =
  /\b(?:falling back|fall(?:s|ing)? back|ignor(?:e|ed|ing)|skip(?:ped|ping)?|retry(?:ing)?|will (?:try|use|continue|be ignored)|trying (?:again|the next|other)|using .{1,60} instead|using default|by default|default(?:ing|s) to|continuing)\b/i
