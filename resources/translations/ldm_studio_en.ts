<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>Changes</name>
    <message numerus="yes">
        <source>%n steps</source>
        <translation>
            <numerusform>%n step</numerusform>
            <numerusform>%n steps</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>With %n changes at steps {first} to {last}</source>
        <translation>
            <numerusform>With %n change at step {first}</numerusform>
            <numerusform>With %n changes at steps {first} to {last}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>With %n changes at steps {steps} and {last}</source>
        <translation>
            <numerusform>With %n change at step {last}</numerusform>
            <numerusform>With %n changes at steps {steps} and {last}</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Collapsible</name>
    <message numerus="yes">
        <source>%n changed</source>
        <translation>
            <numerusform>%n changed</numerusform>
            <numerusform>%n changed</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ComputePage</name>
    <message numerus="yes">
        <source>One for each of %n cores</source>
        <translation>
            <numerusform>One for the only core</numerusform>
            <numerusform>One for each of %n cores</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{processor}, %n cores</source>
        <translation>
            <numerusform>{processor}, %n core</numerusform>
            <numerusform>{processor}, %n cores</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>DetailsPanel</name>
    <message numerus="yes">
        <source>%n Steps Kept: Look, Branch</source>
        <translation>
            <numerusform>%n Step Kept: Look, Branch</numerusform>
            <numerusform>%n Steps Kept: Look, Branch</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>History</name>
    <message numerus="yes">
        <source>%Ln pictures</source>
        <translation>
            <numerusform>%Ln picture</numerusform>
            <numerusform>%Ln pictures</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln stars</source>
        <translation>
            <numerusform>%Ln star</numerusform>
            <numerusform>%Ln stars</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ModelScan</name>
    <message numerus="yes">
        <source>Looking at %n more files…</source>
        <translation>
            <numerusform>Looking at %n more file…</numerusform>
            <numerusform>Looking at %n more files…</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Queue</name>
    <message numerus="yes">
        <source>%n pictures</source>
        <translation>
            <numerusform>%n picture</numerusform>
            <numerusform>%n pictures</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>QueueController</name>
    <message numerus="yes">
        <source>%n more wait in the queue.</source>
        <translation>
            <numerusform>%n more waits in the queue.</numerusform>
            <numerusform>%n more wait in the queue.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pictures wait in the queue.</source>
        <translation>
            <numerusform>A picture waits in the queue.</numerusform>
            <numerusform>%n pictures wait in the queue.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pictures were interrupted.</source>
        <translation>
            <numerusform>%n picture was interrupted.</numerusform>
            <numerusform>%n pictures were interrupted.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>QueuePanel</name>
    <message numerus="yes">
        <source>%n interrupted</source>
        <translation>
            <numerusform>%n interrupted</numerusform>
            <numerusform>%n interrupted</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n more in the queue</source>
        <translation>
            <numerusform>%n more in the queue</numerusform>
            <numerusform>%n more in the queue</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n in the queue</source>
        <translation>
            <numerusform>%n in the queue</numerusform>
            <numerusform>%n in the queue</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>StepTimeline</name>
    <message numerus="yes">
        <source>%n steps</source>
        <translation>
            <numerusform>%n step</numerusform>
            <numerusform>%n steps</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>StylesDialog</name>
    <message numerus="yes">
        <source>%n styles were added.</source>
        <translation>
            <numerusform>%n style was added.</numerusform>
            <numerusform>%n styles were added.</numerusform>
        </translation>
    </message>
</context>
</TS>
