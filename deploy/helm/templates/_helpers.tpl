{{- define "launchtail.name" -}}
{{- if contains "launchtail" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-launchtail" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "launchtail.selector" -}}
app.kubernetes.io/name: launchtail
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "launchtail.labels" -}}
{{ include "launchtail.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* A variable from the Secret of yours, or from the one that the chart creates; nothing where neither has it. */}}
{{- define "launchtail.secretEnv" -}}
{{- $given := .given -}}
{{- if or $given.secretName .value -}}
- name: {{ .env }}
  valueFrom:
    secretKeyRef:
      name: {{ $given.secretName | default .own }}
      key: {{ $given.secretKey }}
{{- end -}}
{{- end -}}

{{/* The server refuses these as well, but only once it runs. */}}
{{- define "launchtail.check" -}}
{{- $redis := or .Values.redis.url .Values.redis.secretName -}}
{{- $database := or .Values.database.url .Values.database.secretName -}}
{{- $token := or .Values.admin.token .Values.admin.secretName -}}
{{- $key := or .Values.secretsKey.value .Values.secretsKey.secretName -}}
{{- if and (gt (int .Values.replicas) 1) (not (and $redis $database)) -}}
{{- fail (printf "replicas: %d needs Redis and PostgreSQL, because several servers share their logs and records there: set redis.url or redis.secretName, and database.url or database.secretName, or set replicas: 1" (int .Values.replicas)) -}}
{{- end -}}
{{- if and $database (not $redis) -}}
{{- fail "database needs redis: servers that share their records must share the logs, too; set redis.url or redis.secretName" -}}
{{- end -}}
{{- if and $database (not (and $token $key)) -}}
{{- fail "database needs admin.token or admin.secretName, and secretsKey.value or secretsKey.secretName: what one server creates for itself would be good for that one only" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not $token) -}}
{{- fail "serviceMonitor needs admin.token or admin.secretName, because /metrics asks for the token" -}}
{{- end -}}
{{- end -}}
