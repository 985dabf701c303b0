#!/usr/bin/env bash
# PostgreSQL's first start: one role and one database a service; no role may enter another's.
set -euo pipefail

for service in profile messaging scoring events; do
  psql --set ON_ERROR_STOP=1 --set service="$service" --set password="$SERVICES_PASSWORD" \
    --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE CONNECT ON DATABASE :"service" FROM PUBLIC;
SQL
done
