/** SkyPilot ends each line and spinner of a launch with the command that shows more. */
const SUFFIX = / {2}(View logs: sky .{1,300})$/

/** The message without that suffix, which belongs to the details. */
export function withoutViewLogs(message: string): { message: string; suffix?: string } {
  if (!message.includes('View logs: sky ')) return { message }
  const match = SUFFIX.exec(message)
  if (!match?.[1] || match.index === 0) return { message }
  return { message: message.slice(0, match.index), suffix: match[1] }
}
