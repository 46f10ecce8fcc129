{{/* What the chart's objects are called: the release's name, with the chart's where that does not tell. */}}
{{- define "deputy.name" -}}
{{- $name := ternary .Release.Name (printf "%s-deputy" .Release.Name) (contains "deputy" .Release.Name) -}}
{{- $name | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "deputy.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "deputy.name" .) -}}
{{- end }}

{{/* What selects the pods; it may never change. */}}
{{- define "deputy.selector" -}}
app.kubernetes.io/name: deputy
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "deputy.labels" -}}
{{ include "deputy.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
