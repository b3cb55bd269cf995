{{/* The operator's flags. One that is not said is the operator's own default. */}}
{{- define "external-secrets.args" -}}
{{- $scoped := include "external-secrets.scoped" . -}}
- --concurrent={{ .Values.concurrent }}
- --loglevel={{ .Values.log.level }}
- --metrics-addr=:{{ .Values.metrics.listen.port }}
{{- range $what := list "secure" "auth" }}
{{- if dig $what "enabled" false $.Values.metrics.listen }}
- --metrics-{{ $what }}=true
{{- end }}
{{- end }}
{{- with .Values.livenessProbe.spec }}
- --live-addr={{ .address }}:{{ .port }}
{{- end }}
{{- if .Values.leaderElect }}
- --enable-leader-election=true
- --leader-election-id={{ .Values.leaderElectionID }}
{{- end }}
{{- with .Values.controllerClass }}
- --controller-class={{ . }}
{{- end }}
{{- with .Values.scopedNamespace }}
- --namespace={{ . }}
{{- end }}
{{- if not (include "external-secrets.clusterStores" .) }}
- --enable-cluster-store-reconciler=false
{{- end }}
{{- if not .Values.processSecretStore }}
- --enable-secret-store-reconciler=false
{{- end }}
{{- if or $scoped (not .Values.processClusterExternalSecret) (not .Values.crds.createClusterExternalSecret) }}
- --enable-cluster-external-secret-reconciler=false
{{- end }}
{{- if or $scoped (not .Values.processClusterPushSecret) (not .Values.crds.createClusterPushSecret) }}
- --enable-cluster-push-secret-reconciler=false
{{- end }}
{{- if or (not .Values.processPushSecret) (not .Values.crds.createPushSecret) }}
- --enable-push-secret-reconciler=false
{{- end }}
{{- if not .Values.serveKubernetesClientIo }}
- --serve-kubernetes-client-io=false
{{- end }}
{{- with .Values.storeRequeueInterval }}
- --store-requeue-interval={{ . }}
{{- end }}
{{- if .Values.genericTargets.enabled }}
- --unsafe-allow-generic-targets=true
{{- end }}
{{- if .Values.webhook.create }}
- --webhook-enable=true
- --webhook-port={{ .Values.webhook.port }}
- --webhook-service-name={{ include "external-secrets.webhook" . }}
- --webhook-configuration-name={{ include "external-secrets.webhook" . }}
- --seal-secret-name={{ include "external-secrets.seal" . }}
{{- if .Values.webhook.certManager.enabled }}
- --webhook-certificates=followed
{{- end }}
{{- end }}
{{- range $flag, $value := .Values.extraArgs }}
{{- if kindIs "invalid" $value }}
- --{{ $flag }}
{{- else }}
- {{ printf "--%s=%v" $flag $value | quote }}
{{- end }}
{{- end }}
{{- end }}
