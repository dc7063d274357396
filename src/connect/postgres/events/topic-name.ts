/** Returns a name as Kafka allows it in topics: other characters than letters, digits, `.`, `_` and `-` become `_`. */
export function topicName(fullName: string): string {
  return fullName.replace(/[^a-zA-Z0-9._-]/g, '_');
}
