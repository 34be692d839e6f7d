// The object's own SQL tables. CREATE TABLE IF NOT EXISTS is a write even where there is nothing to
// create, and a write holds back what the object sends until it is safe: each wake would pay for it.

// columns: what stands behind the name.
export function ensureTable(sql: SqlStorage, name: string, columns: string): void {
  const found = sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name);
  if (found.toArray().length === 0) sql.exec(`CREATE TABLE ${name} ${columns}`);
}
